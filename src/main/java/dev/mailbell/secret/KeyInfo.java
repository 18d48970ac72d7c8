package dev.mailbell.secret;

/**
 * The public facts about a key.
 *
 * @param id eight hexadecimal digits; every value that the key encrypted carries them in its header
 * @param primary true for the one key that encrypts; all of them decrypt
 * @param fingerprint 32 hexadecimal digits derived from the key, which do not reveal it
 */
public record KeyInfo(String id, boolean primary, String fingerprint) {}
