"""What each field does: one async function for each question or act."""
