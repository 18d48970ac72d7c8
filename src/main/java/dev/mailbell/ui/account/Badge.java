package dev.mailbell.ui.account;

/**
 * A state as a word with a colour.
 *
 * @param kind {@code good}, {@code warn}, {@code bad} or empty
 */
public record Badge(String text, String kind) {}
