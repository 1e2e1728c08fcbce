"""What maintainers run; none of it is shipped."""
