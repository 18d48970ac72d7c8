package dev.mailbell.ui.webhook;

import java.time.Instant;

/**
 * A new secret of a webhook, shown this once.
 *
 * @param previousUntil until when the one before signs, too
 */
public record SecretView(String href, String webhook, String secret, Instant previousUntil) {}
