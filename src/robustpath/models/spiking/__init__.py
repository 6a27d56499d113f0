"""What the networks of spiking units share: the unit (cells.py) and the layers around it (layers.py)."""
