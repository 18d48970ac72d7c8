package dev.mailbell.api.event;

import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The route of the event feed, oldest first. */
public final class EventRoutes {
    private final EventStore events;

    public EventRoutes(EventStore events) {
        this.events = events;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/events", Scope.EVENTS_READ, this::list);
    }

    private record Feed(List<ObjectNode> items, @Nullable UUID nextCursor) {}

    private void list(Context context) {
        Query query = Query.of(context);
        Optional<UUID> after = query.id("after");
        Optional<UUID> cursor = query.id("cursor");
        if (after.isPresent() && cursor.isPresent()) {
            query.error("cursor", "is the same as after; give one of them");
        }
        EventFilter filter = EventFilter.read(query);
        int limit = query.limit();
        query.validate();
        List<Event> found =
                events.after(
                        AccessFilter.principal(context).clientId(),
                        after.or(() -> cursor).orElse(null),
                        filter.type(),
                        filter.accountId(),
                        limit + 1);
        List<Event> shown = found.subList(0, Math.min(limit, found.size()));
        Responses.ok(
                context,
                new Feed(
                        shown.stream().map(EventRoutes::view).toList(),
                        found.size() > limit ? shown.getLast().id() : null));
    }

    /** The event as webhooks receive it, with its id as the first member. */
    public static ObjectNode view(Event event) {
        ObjectNode view = Json.MAPPER.createObjectNode();
        view.put("id", event.id().toString());
        view.setAll((ObjectNode) Json.MAPPER.readTree(event.payload()));
        return view;
    }
}
