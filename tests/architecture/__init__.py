"""What holds the code together: the direction of imports, one writer for each kind of row, rooms of a readable size."""
