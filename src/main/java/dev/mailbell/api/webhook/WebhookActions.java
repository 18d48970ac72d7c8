package dev.mailbell.api.webhook;

import dev.mailbell.api.http.RateLimit;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Headers;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is done with a webhook: find, change, remove, test, rotate the secret. */
public final class WebhookActions {
    private static final int MAX_TRIES = 5;
    private static final double TESTS_PER_SECOND = 2;

    /** How long after a rotation the previous secret signs too. */
    private static final Duration PREVIOUS_SECRET_LIFE = Duration.ofHours(24);

    private final WebhookStore store;
    private final WebhookReader reader;
    private final WebhookOperations webhooks;
    private final Keyring keyring;
    private final InstantSource clock;
    private final RateLimit tests = new RateLimit(() -> TESTS_PER_SECOND, System::nanoTime);

    public WebhookActions(
            WebhookStore store,
            WebhookReader reader,
            WebhookOperations webhooks,
            Keyring keyring,
            InstantSource clock) {
        this.store = store;
        this.reader = reader;
        this.webhooks = webhooks;
        this.keyring = keyring;
        this.clock = clock;
    }

    /**
     * A webhook with its new secret.
     *
     * @param previousUntil when the secret before stops to sign
     */
    public record Rotated(Webhook webhook, Secret secret, Instant previousUntil) {}

    /** The webhook of a client. */
    public Optional<Webhook> find(UUID clientId, UUID id) {
        return store.find(clientId, id);
    }

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no webhook with this id"));
    }

    /**
     * Changes a webhook by a merge patch. The patch is validated outside of the transaction,
     * because that takes DNS lookups. It is written only if the webhook has not changed since it
     * was read; otherwise it is tried again.
     *
     * @throws ProblemException 400 with every error; 422 when the URL's address is blocked; 404
     *     when it was removed meanwhile; 409 when others change it all the time
     */
    public Webhook change(Webhook webhook, ObjectNode patch) {
        Webhook read = webhook;
        for (int i = 0; i < MAX_TRIES; i++) {
            Optional<Webhook> stored = tryChange(read, patch);
            if (stored.isPresent()) {
                webhooks.changed(webhook.id());
                return stored.get();
            }
            read =
                    store.find(webhook.clientId(), webhook.id())
                            .orElseThrow(WebhookActions::notFound);
        }
        throw new ProblemException(
                Problem.conflict(
                        "changed-meanwhile", "the webhook is being changed by others; try again"));
    }

    /** Empty when another request has changed or removed the webhook since it was read. */
    private Optional<Webhook> tryChange(Webhook webhook, ObjectNode patch) {
        ObjectNode document = WebhookDocument.of(webhook);
        ObjectNode settings = patch.deepCopy();
        JsonNode headersPatch = settings.remove("headers");
        MergePatch.apply(document, settings);
        if (headersPatch != null) {
            document.set("headers", headersPatch);
        }
        WebhookDraft draft = reader.readChange(document, webhook);
        HeadersReader.Change change = draft.headers();
        WebhookHeaders headers = newHeaders(draft, headers(webhook));
        HeadersReader.requireGivenAgain(webhook.url(), draft.url(), headers, change);
        Webhook changed =
                new Webhook(
                        webhook.id(),
                        webhook.clientId(),
                        draft.url(),
                        draft.events(),
                        draft.accounts(),
                        draft.labels(),
                        draft.description(),
                        webhook.secret(),
                        webhook.previous(),
                        change.isNothing()
                                ? webhook.headers()
                                : sealedHeaders(keyring, webhook.id(), headers),
                        webhook.state(),
                        webhook.health(),
                        webhook.createdAt(),
                        webhook.changedAt(now()));
        // The failures of the old URL say nothing about the new one.
        boolean moved = webhook.state() == State.FAILING && !draft.url().equals(webhook.url());
        State state = draft.state() == null && moved ? State.ENABLED : draft.state();
        return store.update(webhook, changed, !change.isNothing(), state, webhooks.now());
    }

    private WebhookHeaders headers(Webhook webhook) {
        Headers headers = webhook.headers();
        return headers == null
                ? WebhookHeaders.NONE
                : WebhookHeaders.of(
                        keyring.decrypt(headers.sealed(), WebhookHeaders.context(webhook.id())));
    }

    /** A webhook that is to be inserted; nothing is known of its endpoint. */
    static Webhook newWebhook(
            UUID clientId,
            WebhookDraft draft,
            WebhookHeaders headers,
            Keyring keyring,
            Secret secret,
            State state,
            Instant now) {
        UUID id = Ids.next();
        return new Webhook(
                id,
                clientId,
                draft.url(),
                draft.events(),
                draft.accounts(),
                draft.labels(),
                draft.description(),
                keyring.encrypt(secret, Webhook.secretContext(id)),
                null,
                sealedHeaders(keyring, id, headers),
                state,
                Health.UNKNOWN,
                now,
                now);
    }

    /**
     * @throws ProblemException 400 when they are too many or too long together
     */
    static WebhookHeaders newHeaders(WebhookDraft draft, WebhookHeaders before) {
        WebhookHeaders headers = draft.headers().applyTo(before);
        Optional<String> fault = headers.fault();
        if (fault.isPresent()) {
            throw new ProblemException(Problem.invalid("headers", fault.get()));
        }
        return headers;
    }

    static @Nullable Headers sealedHeaders(Keyring keyring, UUID id, WebhookHeaders headers) {
        return headers.isEmpty()
                ? null
                : new Headers(
                        headers.names(),
                        keyring.encrypt(headers.secret(), WebhookHeaders.context(id)));
    }

    /**
     * @throws ProblemException 404 when it was removed meanwhile
     */
    public void remove(Webhook webhook) {
        if (!store.delete(webhook.clientId(), webhook.id())) {
            throw notFound();
        }
        webhooks.changed(webhook.id());
    }

    /**
     * Sends {@code webhook.test} now.
     *
     * @throws ProblemException 429 after too many
     */
    public Attempt test(Webhook webhook) {
        Optional<Duration> wait = tests.take(webhook.id().toString());
        if (wait.isPresent()) {
            throw new ProblemException(Problem.tooManyRequests(wait.get()));
        }
        return webhooks.test(webhook);
    }

    /**
     * Gives a webhook a new secret; the one before signs too for a while.
     *
     * @throws ProblemException 404 when it was removed meanwhile
     */
    public Rotated rotate(Webhook webhook) {
        Secret secret = Signer.newSecret();
        Instant until = now().plus(PREVIOUS_SECRET_LIFE);
        if (!store.rotate(
                webhook.clientId(),
                webhook.id(),
                keyring.encrypt(secret, Webhook.secretContext(webhook.id())),
                until,
                now())) {
            throw notFound();
        }
        webhooks.changed(webhook.id());
        Webhook rotated =
                store.find(webhook.clientId(), webhook.id()).orElseThrow(WebhookActions::notFound);
        return new Rotated(rotated, secret, until);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
