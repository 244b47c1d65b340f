"""Tables as people keep them, in CSV and spreadsheet files: read cell by cell, every doubtful one named."""
