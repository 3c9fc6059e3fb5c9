"""What DynamoDB charges for: the rules, what each operation of the server takes by them, and a month of them."""
