package dev.mailbell.ui.event;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An event in the list.
 *
 * @param kind good, warn, bad or nothing
 * @param subject whom or what it is about
 * @param summary what happened, in a few words
 * @param accountHref the page of its account; null for none
 * @param payload its JSON with line breaks
 */
public record EventRow(
        String id,
        Instant at,
        String type,
        String kind,
        String subject,
        String summary,
        @Nullable String accountHref,
        String payload) {}
