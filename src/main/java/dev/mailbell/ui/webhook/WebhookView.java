package dev.mailbell.ui.webhook;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page of a webhook.
 *
 * @param client the name of its client, for the operator; null otherwise
 * @param selects which accounts it is about
 * @param waits how many deliveries are to be sent
 * @param oldestWaiting when the oldest of them was made; null for none
 * @param fortnight whether the charts show two weeks; a day otherwise
 * @param mayChange whether the actions are shown
 * @param recoverSince the moment from which failed deliveries are offered to be sent again
 * @param fault why the form was not accepted; null without one
 */
public record WebhookView(
        String id,
        String name,
        String url,
        @Nullable String client,
        StateView state,
        boolean enabled,
        List<String> events,
        String selects,
        Instant createdAt,
        @Nullable Instant failingSince,
        int failures,
        @Nullable String lastError,
        @Nullable Instant pausedUntil,
        String waits,
        @Nullable Instant oldestWaiting,
        boolean fortnight,
        String rate,
        String rateKind,
        String attempts,
        String typical,
        String slow,
        List<ChartView> charts,
        List<DeliveryRow> latest,
        boolean mayChange,
        String recoverSince,
        @Nullable String fault) {
    public WebhookView {
        events = List.copyOf(events);
        charts = List.copyOf(charts);
        latest = List.copyOf(latest);
    }

    public String href() {
        return "/ui/webhooks/" + id;
    }
}
