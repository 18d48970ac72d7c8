package dev.mailbell.health;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.database.RecurringTask;
import dev.mailbell.delivery.Deliveries;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.mail.smtp.SmtpClient;
import dev.mailbell.secret.Keyring;
import dev.mailbell.webhook.WebhookUrls;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Builds, starts and stops the parts that inform the operator about the health of the system: the
 * webhook of the configuration, the announcements of failing webhooks, and the canary. Stale
 * accounts are announced by the watch.
 */
public final class HealthService implements AutoCloseable {
    private static final Duration RETRIED_EVERY = Duration.ofSeconds(2);
    private static final Duration ANNOUNCED_EVERY = Duration.ofSeconds(2);
    private static final Duration CANARY_EVERY = Duration.ofSeconds(1);
    private static final Duration[] STEPS = {
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofMinutes(1),
        Duration.ofMinutes(5)
    };

    private final LiveConfiguration live;
    private final OperatorWebhook webhook;
    private final WebhookAnnouncements announcements;
    private final Canary canary;
    private @Nullable RecurringTask retrying;
    private @Nullable RecurringTask announcing;
    private @Nullable RecurringTask singing;

    /** What the service is built from. */
    public record Parts(
            Jdbi jdbi,
            Keyring keyring,
            WebhookUrls urls,
            Deliveries deliveries,
            Ownership ownership,
            SmtpClient smtp,
            MeterRegistry meters,
            InstantSource clock) {}

    public HealthService(LiveConfiguration live, Parts parts) {
        this.live = live;
        this.webhook =
                new OperatorWebhook(
                        parts.jdbi,
                        parts.keyring,
                        parts.urls,
                        live::fingerprint,
                        parts.deliveries::webhookChanged,
                        parts.clock);
        this.announcements =
                new WebhookAnnouncements(
                        parts.jdbi, parts.ownership, parts.deliveries.outbox(), parts.clock);
        Timer way =
                Timer.builder("canary.way")
                        .description("From the acceptance of a mail of the canary to its mail.new")
                        .serviceLevelObjectives(STEPS)
                        .register(parts.meters);
        this.canary =
                new Canary(
                        () -> live.get().canary(),
                        parts.jdbi,
                        parts.ownership,
                        parts.deliveries.outbox(),
                        new CanaryMailer(parts.smtp),
                        parts.clock,
                        way::record);
        Gauge.builder("canary.misses", () -> canary.status().map(CanaryState::misses).orElse(0))
                .description(
                        "Mails of the canary in a row that were not announced in time; 0 on nodes"
                                + " that do not run it")
                .register(parts.meters);
    }

    /** Takes the configuration over and begins. */
    public void start() {
        webhook.apply(live.get().operator());
        live.onChange(changed -> webhook.apply(changed.operator()));
        retrying =
                new RecurringTask(
                        "operator-webhook",
                        RETRIED_EVERY,
                        () -> webhook.retry(() -> live.get().operator()));
        announcing = new RecurringTask("webhook-health", ANNOUNCED_EVERY, announcements::announce);
        singing = new RecurringTask("canary", CANARY_EVERY, canary::tick);
    }

    /** How the canary is, whichever node runs it; empty where none is configured. */
    public Optional<CanaryStatus> canary() {
        return canary.stored();
    }

    /** That the canary is late, where the configuration counts it as not ready. */
    public List<String> trouble() {
        return live.get().canary().failsReadiness() ? canary.late() : List.of();
    }

    /** That the canary is late, where the configuration does not count it as not ready. */
    public List<String> warnings() {
        return live.get().canary().failsReadiness() ? List.of() : canary.late();
    }

    /** Begins nothing more. */
    @Override
    public void close() {
        if (retrying != null) {
            retrying.close();
        }
        if (announcing != null) {
            announcing.close();
        }
        if (singing != null) {
            singing.close();
        }
    }
}
