package dev.mailbell.api.event;

import dev.mailbell.api.request.Query;
import dev.mailbell.event.EventType;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The events that a request selects; null selects all. */
public record EventFilter(@Nullable EventType type, @Nullable UUID accountId) {
    private static final String TYPE_RULE =
            "must be one of "
                    + String.join(
                            ", ", Stream.of(EventType.values()).map(EventType::wireName).toList());

    public static EventFilter read(Query query) {
        return new EventFilter(
                query.read("type", EventType::ofWireName, TYPE_RULE).orElse(null),
                query.id("accountId").orElse(null));
    }
}
