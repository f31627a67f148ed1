"""What goes on the wire: JSON Schemas (source of truth), classes, and the way there and back."""
