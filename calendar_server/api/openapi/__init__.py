"""The OpenAPI 3.1 document, made from the code: limits from the domain's rules, codes and sentences from ``wire/messages.py``."""
