"""Durable state: the contract that every engine keeps (protocol), and the engine on peewee."""
