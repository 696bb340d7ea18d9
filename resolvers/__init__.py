"""What each field does: one async function for each query or command."""
