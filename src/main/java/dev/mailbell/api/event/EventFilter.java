package dev.mailbell.api.event;

import dev.mailbell.api.request.Query;
import dev.mailbell.event.EventType;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which events are asked for; null is no condition. */
record EventFilter(@Nullable EventType type, @Nullable UUID accountId) {
    private static final String TYPES =
            "must be one of "
                    + String.join(
                            ", ", Stream.of(EventType.values()).map(EventType::wireName).toList());

    static EventFilter read(Query query) {
        return new EventFilter(
                query.read("type", EventType::ofWireName, TYPES).orElse(null),
                query.id("accountId").orElse(null));
    }
}
