"""What we promise to others, as documents that the code makes: OpenAPI for the doors, AsyncAPI for the topics."""
