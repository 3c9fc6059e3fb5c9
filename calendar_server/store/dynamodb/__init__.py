"""The rooms behind ``models.DynamoDBDatabase``: schema, connection, tables, planning of transactions, deletions."""
