"""What hidden units represent: features of a trained network, and which of them other networks have too."""
