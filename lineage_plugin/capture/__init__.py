"""What a task really touched: reads and writes seen from inside its process."""
