package dev.mailbell.api;

import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The feed of events, oldest first. */
final class EventRoutes {
    private final EventStore events;

    EventRoutes(EventStore events) {
        this.events = events;
    }

    void addTo(Routes routes) {
        routes.get("/v1/events", this::list);
    }

    private record Feed(List<ObjectNode> items, @Nullable UUID nextCursor) {}

    private void list(Context context) {
        Query query = Query.of(context);
        Optional<UUID> after = query.id("after");
        Optional<UUID> cursor = query.id("cursor");
        if (after.isPresent() && cursor.isPresent()) {
            query.fault("cursor", "is the same as after; give one of them");
        }
        EventFilter filter = EventFilter.read(query);
        int limit = query.limit();
        query.done();
        List<Event> found =
                events.after(
                        Gate.caller(context).clientId(),
                        after.or(() -> cursor).orElse(null),
                        filter.type(),
                        filter.accountId(),
                        limit + 1);
        List<Event> shown = found.subList(0, Math.min(limit, found.size()));
        Answers.ok(
                context,
                new Feed(
                        shown.stream().map(EventRoutes::view).toList(),
                        found.size() > limit ? shown.getLast().id() : null));
    }

    /** The event as webhooks get it, with its id before everything else. */
    static ObjectNode view(Event event) {
        ObjectNode view = Json.MAPPER.createObjectNode();
        view.put("id", event.id().toString());
        view.setAll((ObjectNode) Json.MAPPER.readTree(event.payload()));
        return view;
    }
}
