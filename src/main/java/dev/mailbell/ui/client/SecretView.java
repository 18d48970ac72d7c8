package dev.mailbell.ui.client;

/**
 * A key or a link that is shown this once.
 *
 * @param back the page to go on to
 * @param text what to do with it
 */
public record SecretView(String back, String client, String title, String text, String secret) {}
