package dev.mailbell.cli.event;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.Parameters;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * Finds places in the feed by time. The API reads the feed forward from an event, and takes any
 * UUID of version 7, which holds a time, for an event that is no longer kept: it then begins a
 * minute before that time, or with the next event when there is none since.
 */
final class FeedPosition {
    private static final String FEED = "/v1/events";
    private static final Duration FIRST_WINDOW = Duration.ofMinutes(2);
    private static final Duration LONGEST_WINDOW = Duration.ofDays(3650);

    /** That the API goes back, and as much again for clocks that differ. */
    private static final Duration TOLERANCE = Duration.ofMinutes(2);

    private final Api api;
    private final InstantSource clock;

    FeedPosition(Api api, InstantSource clock) {
        this.api = api;
        this.clock = clock;
    }

    /** The id of the newest event; empty when there is none. */
    Optional<String> newest() {
        Instant now = clock.instant();
        Duration window = FIRST_WINDOW;
        while (window.compareTo(LONGEST_WINDOW) < 0) {
            Instant since = now.minus(window);
            JsonNode first = firstAfter(idAt(since));
            if (isSince(first, since)) {
                return Optional.of(lastAfter(Documents.text(first, "id")));
            }
            window = window.multipliedBy(4);
        }
        String oldest = idAt(now.minus(LONGEST_WINDOW));
        return Optional.of(lastAfter(oldest)).filter(last -> !last.equals(oldest));
    }

    /**
     * The id after which all events since a time follow, with some older ones before them; empty
     * when the whole feed does.
     */
    Optional<String> before(Instant since) {
        if (hasAnySince(since)) {
            return Optional.of(idAt(since));
        }
        Optional<String> newest = newest();
        // One that came meanwhile may be the newest.
        return hasAnySince(since) ? Optional.of(idAt(since)) : newest;
    }

    private boolean hasAnySince(Instant time) {
        return isSince(firstAfter(idAt(time)), time);
    }

    private static boolean isSince(JsonNode event, Instant time) {
        return !event.isMissingNode() && !isBefore(event, time.minus(TOLERANCE));
    }

    private JsonNode firstAfter(String id) {
        return page(id, 1).path("items").path(0);
    }

    private String lastAfter(String id) {
        String last = id;
        while (true) {
            JsonNode page = page(last, Api.PAGE);
            JsonNode items = page.path("items");
            if (!items.isEmpty()) {
                last = Documents.text(items.path(items.size() - 1), "id");
            }
            if (Documents.text(page, "nextCursor").isEmpty() || items.isEmpty()) {
                return last;
            }
        }
    }

    private JsonNode page(String after, int limit) {
        Parameters query = new Parameters().with("after", after).with("limit", limit);
        return api.get(FEED + query);
    }

    /** Whether an event happened before a time; one without a readable time did not. */
    static boolean isBefore(JsonNode event, Instant time) {
        try {
            return Instant.parse(Documents.text(event, "timestamp")).isBefore(time);
        } catch (DateTimeException e) {
            return false;
        }
    }

    /** The lowest UUID of version 7 of a time. */
    static String idAt(Instant time) {
        return new UUID(time.toEpochMilli() << 16 | 0x7000, 0x8000000000000000L).toString();
    }
}
