package dev.mailbell.secret;

/**
 * What may be told of a key.
 *
 * @param id eight hexadecimal digits, as the first bytes of every value that it encrypted carry it
 * @param primary true for the one key that encrypts; all of them decrypt
 */
public record KeyInfo(String id, boolean primary) {}
