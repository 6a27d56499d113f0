"""Learning to learn from few examples: each episode is a small task with classes that were never seen before."""
