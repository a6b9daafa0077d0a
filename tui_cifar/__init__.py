"""The terminal application: shows a run and steers it. It never touches a tensor."""
