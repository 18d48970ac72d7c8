package dev.mailbell.ui.webhook;

import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.webhook.Webhook;

/**
 * A state as a page shows it.
 *
 * @param kind good, warn, bad or nothing
 */
public record StateView(String text, String kind) {
    static StateView of(Webhook.State state) {
        return new StateView(
                state.wireName(),
                switch (state) {
                    case ENABLED -> "good";
                    case FAILING -> "warn";
                    case DISABLED -> "bad";
                });
    }

    static StateView of(LoggedDelivery.Status status) {
        return new StateView(
                status.wireName(),
                switch (status) {
                    case DELIVERED -> "good";
                    case PENDING -> "warn";
                    case FAILED -> "bad";
                    case SUPERSEDED -> "";
                });
    }

    static StateView ofAttempt(boolean delivered) {
        return delivered ? new StateView("delivered", "good") : new StateView("failed", "bad");
    }
}
