package dev.mailbell.health;

import dev.mailbell.client.ClientStore;
import dev.mailbell.config.OperatorConfig;
import dev.mailbell.database.Database;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import dev.mailbell.webhook.WebhookUrl;
import dev.mailbell.webhook.WebhookUrls;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The webhook of {@code operator.webhook} as a row like any other, of the operator's client: so it
 * has the same queue, guarantees, signature and log. The configuration is taken over at the start
 * and when it changes; what the API changes of the row in between lasts until then. The row goes
 * only when no node has another configuration: one that is started anew without the webhook, or has
 * not got it yet, does not take it from the others.
 */
final class OperatorWebhook {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorWebhook.class);

    /** One for all nodes, whichever of them starts first. */
    static final UUID ID = UUID.fromString("00000000-0000-7000-8000-000000000002");

    /** How long the secret before signs too, as after a rotation by the API. */
    private static final Duration PREVIOUS_SECRET_LIFE = Duration.ofHours(24);

    private static final long LOCK = 7_310_580;

    private final Jdbi jdbi;
    private final WebhookStore store;
    private final Keyring keyring;
    private final WebhookUrls urls;
    private final Supplier<String> fingerprint;
    private final Consumer<UUID> changed;
    private final InstantSource clock;

    /** The row is not what the configuration says: a write failed, or a deletion waits. */
    private boolean unfinished;

    /**
     * @param fingerprint of the configuration in effect
     * @param changed gets the id of the webhook when its row has changed
     */
    OperatorWebhook(
            Jdbi jdbi,
            Keyring keyring,
            WebhookUrls urls,
            Supplier<String> fingerprint,
            Consumer<UUID> changed,
            InstantSource clock) {
        this.jdbi = jdbi;
        this.store = new WebhookStore(jdbi);
        this.keyring = keyring;
        this.urls = urls;
        this.fingerprint = fingerprint;
        this.changed = changed;
        this.clock = clock;
    }

    /**
     * Makes the row what the configuration says; one with a fault changes nothing and is logged.
     * What cannot be written yet is left to {@link #retry}.
     */
    synchronized void apply(OperatorConfig config) {
        List<String> faults =
                config.hasWebhook() ? urls.faults(config.webhookUrl()) : List.<String>of();
        if (!faults.isEmpty()) {
            LOG.error(
                    "operator.webhook.url is not used: it {}. Events for the operator are in the feed"
                            + " of the client {} meanwhile",
                    String.join(" and ", faults),
                    ClientStore.OPERATOR);
            unfinished = false;
            return;
        }
        boolean again = unfinished;
        unfinished = true;
        try {
            unfinished = !write(config);
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.debug("operator.webhook is taken over when the database is back");
            return;
        }
        if (unfinished && !again) {
            LOG.info(
                    "The webhook of the operator stays as long as another node has another"
                            + " configuration");
        }
    }

    /** Does what {@link #apply} has left to do, if anything; called every few seconds. */
    synchronized void retry(Supplier<OperatorConfig> latest) {
        if (unfinished) {
            apply(latest.get());
        }
    }

    /** Answers whether the row is what the configuration says. */
    private boolean write(OperatorConfig config) {
        // Two nodes that start at once must not both insert the row.
        return jdbi.inTransaction(handle -> {
            handle.createQuery("select 1 from pg_advisory_xact_lock(:lock)")
                    .bind("lock", LOCK)
                    .mapTo(Integer.class)
                    .one();
            Optional<Webhook> present = store.find(ClientStore.OPERATOR, ID);
            if (config.hasWebhook()) {
                while (!write(config, present)) {
                    // A request has changed the row since it was read.
                    present = store.find(ClientStore.OPERATOR, ID);
                }
            } else if (present.isPresent()) {
                if (nodesDiffer(handle)) {
                    return false;
                }
                if (store.delete(ClientStore.OPERATOR, ID)) {
                    changed.accept(ID);
                }
            }
            return true;
        });
    }

    /** The row of this node shows its configuration before a reload until its next heartbeat. */
    private boolean nodesDiffer(Handle handle) {
        return handle.createQuery(
                        "select exists (select from node where expires_at > now() and configuration <> :own)")
                .bind("own", fingerprint.get())
                .mapTo(Boolean.class)
                .one();
    }

    /** Answers false when the row was changed or removed since it was read. */
    private boolean write(OperatorConfig config, Optional<Webhook> present) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        if (present.isEmpty()) {
            store.insert(webhook(config, null, sealed(config.webhookSecret()), now));
            changed.accept(ID);
            return true;
        }
        Webhook before = present.get();
        Secret stored = keyring.decrypt(before.secret(), Webhook.secretContext(ID));
        boolean rotated = !stored.equals(config.webhookSecret());
        boolean moved = !before.url().equals(config.webhookUrl());
        if (moved || rotated) {
            // What was wrong with the old URL or secret says nothing of the new one.
            State state = before.state() == State.ENABLED ? null : State.ENABLED;
            boolean drops = before.headers() != null && !sameReceiver(before.url(), config);
            Webhook after = webhook(config, before, before.secret(), now);
            Webhook wanted = drops ? withoutHeaders(after) : after;
            if (store.update(before, wanted, drops, state, now).isEmpty()) {
                return false;
            }
            if (drops) {
                logDropped(before);
            }
        }
        if (rotated) {
            store.rotate(
                    ClientStore.OPERATOR,
                    ID,
                    sealed(config.webhookSecret()),
                    now.plus(PREVIOUS_SECRET_LIFE),
                    now);
        }
        if (moved || rotated) {
            changed.accept(ID);
        }
        return true;
    }

    /** Whether scheme, host and port stay. */
    private static boolean sameReceiver(String urlBefore, OperatorConfig config) {
        return WebhookUrl.parse(urlBefore)
                .toString()
                .equals(WebhookUrl.parse(config.webhookUrl()).toString());
    }

    /** The values of headers are secrets between the operator and the receiver before. */
    private static Webhook withoutHeaders(Webhook webhook) {
        return new Webhook(
                webhook.id(),
                webhook.clientId(),
                webhook.url(),
                webhook.events(),
                webhook.accounts(),
                webhook.labels(),
                webhook.description(),
                webhook.secret(),
                webhook.previous(),
                null,
                webhook.state(),
                webhook.health(),
                webhook.createdAt(),
                webhook.updatedAt());
    }

    private static void logDropped(Webhook before) {
        Webhook.Headers headers = before.headers();
        if (headers != null) {
            LOG.warn(
                    "operator.webhook.url names another receiver, which does not get the headers of the"
                            + " one before: {} removed; set them again by PATCH /v1/webhooks/{} of the"
                            + " client {}",
                    String.join(", ", headers.names()),
                    ID,
                    ClientStore.OPERATOR);
        }
    }

    private byte[] sealed(Secret secret) {
        return keyring.encrypt(secret, Webhook.secretContext(ID));
    }

    private static Webhook webhook(
            OperatorConfig config, @Nullable Webhook before, byte[] secret, Instant now) {
        return new Webhook(
                ID,
                ClientStore.OPERATOR,
                config.webhookUrl(),
                before == null ? List.of(Webhook.ALL_EVENTS) : before.events(),
                before == null ? null : before.accounts(),
                before == null ? Map.of() : before.labels(),
                before == null ? "operator.webhook of the configuration" : before.description(),
                secret,
                before == null ? null : before.previous(),
                before == null ? null : before.headers(),
                State.ENABLED,
                Health.UNKNOWN,
                before == null ? now : before.createdAt(),
                before == null ? now : before.changedAt(now));
    }
}
