package dev.mailbell.ui.webhook;

/**
 * The result of a test.
 *
 * @param href the page of the webhook
 */
public record TestView(String href, String webhook, AttemptRow attempt) {}
