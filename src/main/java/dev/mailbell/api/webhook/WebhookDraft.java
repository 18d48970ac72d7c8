package dev.mailbell.api.webhook;

import dev.mailbell.webhook.Webhook;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A webhook as a valid request describes it.
 *
 * @param accounts null for all accounts
 * @param headers what changes of them; all of them for a new webhook
 * @param state null leaves the state unchanged
 */
record WebhookDraft(
        String url,
        List<String> events,
        @Nullable List<UUID> accounts,
        Map<String, String> labels,
        @Nullable String description,
        HeadersReader.Change headers,
        Webhook.@Nullable State state) {}
