package dev.mailbell.api.client;

import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.KeyText;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What is done with the keys of a client: create, revoke, rotate. */
public final class KeyActions {
    private final ApiKeyStore store;
    private final KnownKeys known;
    private final InstantSource clock;

    /**
     * @param known forgets keys when they change
     */
    public KeyActions(ApiKeyStore store, KnownKeys known, InstantSource clock) {
        this.store = store;
        this.known = known;
        this.clock = clock;
    }

    /** A key with its text, which is shown once. */
    public record WithText(ApiKey key, KeyText text) {}

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("the client has no key with this id"));
    }

    /**
     * An erasure has not begun.
     *
     * @throws ProblemException 409 when it has
     */
    public static void requireInUse(Client client) {
        if (client.erasingSince() != null) {
            throw new ProblemException(Problem.conflict("erasing", "the client is being erased"));
        }
    }

    /**
     * Prepares a key, which {@link #create} stores.
     *
     * @throws ProblemException 400 with every error
     */
    public WithText prepare(UUID clientId, ObjectNode json) {
        Instant now = now();
        KeyReader.Draft draft = KeyReader.read(json, clock.instant());
        KeyText text = KeyText.random();
        return new WithText(
                new ApiKey(
                        Ids.next(),
                        clientId,
                        draft.name(),
                        draft.scopes(),
                        text.shown(),
                        now,
                        draft.expiresAt(),
                        null,
                        null),
                text);
    }

    /**
     * @throws ProblemException 422 when the client has too many keys
     */
    public void create(WithText prepared) {
        if (!store.insert(prepared.key(), prepared.text())) {
            throw new ProblemException(
                    Problem.refused(
                            "too-many-keys",
                            "a client may have "
                                    + ApiKeyStore.MAX_PER_CLIENT
                                    + " keys; revoke some first"));
        }
    }

    /**
     * @throws ProblemException 404 when it was revoked meanwhile
     */
    public void revoke(ApiKey key) {
        boolean revoked = store.delete(key.clientId(), key.id());
        known.changed();
        if (!revoked) {
            throw notFound();
        }
    }

    /**
     * Gives a key a new text. {@link #rotated} follows the commit.
     *
     * @throws ProblemException 409 when it has expired or was revoked
     */
    public WithText rotate(ApiKey key, @Nullable Instant expiresAt) {
        Instant now = now();
        KeyText text = KeyText.random();
        ApiKey rotated =
                store.rotate(
                                key.clientId(),
                                key.id(),
                                text,
                                expiresAt,
                                now.plus(ApiKeyStore.PREVIOUS_LIFE),
                                now)
                        .orElseThrow(() ->
                                new ProblemException(
                                        Problem.conflict(
                                                "expired",
                                                "the key has expired or was revoked;"
                                                        + " create a new one")));
        return new WithText(rotated, text);
    }

    public void rotated() {
        known.changed();
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
