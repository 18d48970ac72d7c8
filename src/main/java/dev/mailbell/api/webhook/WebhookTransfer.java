package dev.mailbell.api.webhook;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Headers;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookImport;
import dev.mailbell.webhook.WebhookStore;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Webhooks as they are exported and imported: without secrets and without the values of their
 * headers. The caller of an import may add these. A webhook without a secret gets a new one and is
 * disabled, until its owner has the receiver know it; so is one without a header that it had.
 */
public final class WebhookTransfer {
    private static final int PAGE = 500;
    private static final String HEADER_NAMES = "headerNames";

    private final WebhookStore store;
    private final WebhookImport imports;
    private final WebhookReader reader;
    private final WebhookOperations webhooks;
    private final Keyring keyring;
    private final ToLongFunction<UUID> most;
    private final InstantSource clock;

    /**
     * @param most how many webhooks a client may have
     */
    public WebhookTransfer(
            WebhookStore store,
            WebhookImport imports,
            WebhookReader reader,
            WebhookOperations webhooks,
            Keyring keyring,
            ToLongFunction<UUID> most,
            InstantSource clock) {
        this.store = store;
        this.imports = imports;
        this.reader = reader;
        this.webhooks = webhooks;
        this.keyring = keyring;
        this.most = most;
        this.clock = clock;
    }

    /**
     * Writes all webhooks of a client.
     *
     * @return how many they were
     */
    public long export(UUID clientId, Consumer<ObjectNode> out) {
        long count = 0;
        UUID last = null;
        for (List<Webhook> page = store.list(clientId, last, PAGE);
                !page.isEmpty();
                page = store.list(clientId, last, PAGE)) {
            for (Webhook webhook : page) {
                out.accept(document(webhook));
                count++;
            }
            last = page.getLast().id();
        }
        return count;
    }

    private static ObjectNode document(Webhook webhook) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("type", "webhook");
        json.put("id", webhook.id().toString());
        json.put("state", webhook.state().wireName());
        ObjectNode settings = WebhookDocument.of(webhook);
        if (webhook.description() == null) {
            settings.remove("description");
        }
        Headers headers = webhook.headers();
        if (headers != null) {
            headers.names().forEach(settings.putArray(HEADER_NAMES)::add);
        }
        json.set("webhook", settings);
        return json;
    }

    /**
     * Adds a webhook of an export.
     *
     * @param source its exported id
     * @param line as it was exported; its member {@code webhook} may have a secret
     * @param accounts finds imported accounts by their exported ids
     * @return false when an earlier import has added it
     * @throws ProblemException when it is not valid
     */
    public boolean importOne(
            UUID clientId,
            UUID source,
            ObjectNode line,
            Function<List<UUID>, Map<UUID, UUID>> accounts) {
        if (imports.isPresent(clientId, source)) {
            return false;
        }
        long room = most.applyAsLong(clientId);
        if (store.count(clientId) >= room) {
            throw full(room);
        }
        if (!(line.get("webhook") instanceof ObjectNode settings)) {
            throw new ProblemException(Problem.invalid("webhook", "must be an object"));
        }
        Secret given = takeSecret(settings);
        Set<String> named = takeHeaderNames(settings);
        replaceAccounts(settings, accounts);
        WebhookDraft draft = reader.read(settings, clientId);
        WebhookHeaders headers = WebhookActions.newHeaders(draft, WebhookHeaders.NONE);
        headers.names().forEach(named::remove);
        boolean disabled =
                given == null
                        || !named.isEmpty()
                        || line.path("state").asString("").equals(State.DISABLED.wireName());
        Webhook webhook =
                WebhookActions.newWebhook(
                        clientId,
                        draft,
                        headers,
                        keyring,
                        given == null ? Signer.newSecret() : given,
                        disabled ? State.DISABLED : State.ENABLED,
                        clock.instant().truncatedTo(ChronoUnit.MILLIS));
        return switch (imports.insert(webhook, source, room)) {
            case ADDED -> {
                webhooks.changed(webhook.id());
                yield true;
            }
            case IN_USE -> {
                if (!imports.isPresent(clientId, source)) {
                    throw new ProblemException(
                            Problem.invalid("id", "is that of an account that is imported"));
                }
                yield false;
            }
            case FULL -> throw full(room);
        };
    }

    private static ProblemException full(long room) {
        return new ProblemException(
                Problem.refused(
                        "too-many-webhooks",
                        "this client may have "
                                + room
                                + " webhooks (limits.webhooksPerClient); remove some first"));
    }

    /** The names that the export has; the values of some may be given beside them. */
    private static Set<String> takeHeaderNames(ObjectNode settings) {
        JsonNode names = settings.remove(HEADER_NAMES);
        Set<String> taken = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        if (names instanceof ArrayNode array) {
            array.forEach(name -> taken.add(name.asString("")));
        } else if (names != null && !names.isNull()) {
            throw new ProblemException(
                    Problem.invalid("webhook." + HEADER_NAMES, "must be an array of strings"));
        }
        return taken;
    }

    private static @Nullable Secret takeSecret(ObjectNode settings) {
        JsonNode secret = settings.remove("secret");
        if (secret == null || secret.isNull()) {
            return null;
        }
        if (!secret.isString() || !Signer.isSecret(secret.stringValue())) {
            throw new ProblemException(
                    Problem.invalid(
                            "webhook.secret", "must be whsec_ and the Base64 of 24 to 64 bytes"));
        }
        return Secret.of(secret.stringValue());
    }

    /** The exported ids of accounts become those that they have here. */
    private static void replaceAccounts(
            ObjectNode settings, Function<List<UUID>, Map<UUID, UUID>> accounts) {
        if (!(settings.get("accounts") instanceof ArrayNode given) || given.isEmpty()) {
            return;
        }
        List<UUID> sources = new ArrayList<>();
        given.forEach(id -> Uuids.parse(id.asString("")).ifPresent(sources::add));
        Map<UUID, UUID> found = accounts.apply(sources);
        List<UUID> missing = sources.stream().filter(source -> !found.containsKey(source)).toList();
        if (!missing.isEmpty()) {
            throw new ProblemException(
                    Problem.invalid(
                            "webhook.accounts",
                            missing.size()
                                    + " of these accounts are not imported, such as "
                                    + missing.getFirst()
                                    + ": import them first, or remove them from the line"));
        }
        List<UUID> here = List.copyOf(found.values());
        ArrayNode ids = settings.putArray("accounts");
        here.forEach(id -> ids.add(id.toString()));
    }
}
