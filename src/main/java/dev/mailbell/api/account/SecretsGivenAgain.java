package dev.mailbell.api.account;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Refuses a patch that would send a stored secret elsewhere, or protect it otherwise, and does not
 * give the secret again. Without this rule a key that may change accounts could read passwords: it
 * would point the account at a server of its own. The values are compared after defaults and
 * discovery, so that no detour leads to another server.
 */
final class SecretsGivenAgain {
    /**
     * What of {@link MailSettings} may change while the secret stays. Every other component,
     * including one that is added later, decides where or how a secret is sent.
     */
    static final Set<String> FREE_MAIL_SETTINGS = Set.of("username", "auth");

    /** The same of {@link LoginSecret.OAuth2}; the secrets themselves are not settings. */
    static final Set<String> FREE_GRANT_SETTINGS = Set.of("scope", "clientSecret", "refreshToken");

    private static final Map<String, String> FIELDS = Map.of("pins", "pinSha256");

    private SecretsGivenAgain() {}

    /**
     * @param patch the merge patch, in which the secrets are looked for
     * @throws ProblemException 422 that names each secret to give again
     */
    static void require(
            MailSettings mailBefore,
            LoginSecret before,
            MailSettings mailAfter,
            LoginSecret after,
            ObjectNode patch) {
        List<String> causes =
                new ArrayList<>(changed("mail.", mailBefore, mailAfter, FREE_MAIL_SETTINGS));
        Set<String> sent =
                switch (after) {
                    case LoginSecret.Password _ ->
                            before instanceof LoginSecret.Password && !causes.isEmpty()
                                    ? Set.of("mail.password")
                                    : Set.of();
                    case LoginSecret.OAuth2 grant ->
                            before instanceof LoginSecret.OAuth2 old
                                    ? ofGrant(old, grant, causes)
                                    : Set.of();
                    case LoginSecret.App grant -> ofApp(before, grant, causes);
                    case LoginSecret.TokenEndpoint endpoint -> ofEndpoint(before, endpoint, causes);
                    case LoginSecret.Missing _ -> Set.of();
                };
        // A patch that replaces a password by a grant, or the other way round, brings all secrets.
        List<String> missing =
                sent.stream().filter(field -> !isGiven(patch, field)).sorted().toList();
        if (!missing.isEmpty()) {
            throw new ProblemException(problem(missing, causes));
        }
    }

    /**
     * The secrets that a changed grant sends elsewhere.
     *
     * @param causes changed settings of the mail server; those of the grant are added
     */
    private static Set<String> ofGrant(
            LoginSecret.OAuth2 before, LoginSecret.OAuth2 after, List<String> causes) {
        List<String> endpoint = changed("mail.oauth2.", before, after, FREE_GRANT_SETTINGS);
        causes.addAll(endpoint);
        Set<String> sent = new LinkedHashSet<>();
        // The mail server gets an access token, which the refresh token makes.
        if (!causes.isEmpty()) {
            sent.add("mail.oauth2.refreshToken");
        }
        if (!endpoint.isEmpty() && after.clientSecret() != null) {
            sent.add("mail.oauth2.clientSecret");
        }
        return sent;
    }

    /**
     * Another app replaces the whole login. The tokens of an app without a refresh token are sent
     * only to the hosts that the app names.
     */
    private static Set<String> ofApp(
            LoginSecret before, LoginSecret.App after, List<String> causes) {
        boolean kept =
                before instanceof LoginSecret.App old
                        && after.refreshToken() != null
                        && after.refreshToken().equals(old.refreshToken());
        return kept && !causes.isEmpty() ? Set.of("mail.oauth2.refreshToken") : Set.of();
    }

    /** The mail server gets an access token, which the client's endpoint hands out. */
    private static Set<String> ofEndpoint(
            LoginSecret before, LoginSecret.TokenEndpoint after, List<String> causes) {
        if (!(before instanceof LoginSecret.TokenEndpoint old)) {
            return Set.of();
        }
        if (!old.url().equals(after.url())) {
            causes.add("mail.oauth2.tokenEndpoint");
        }
        return causes.isEmpty() ? Set.of() : Set.of("mail.oauth2.signingSecret");
    }

    private static Problem problem(List<String> missing, List<String> causes) {
        String reason =
                "must be given again, because the patch changes " + String.join(", ", causes);
        FieldErrors errors = new FieldErrors();
        missing.forEach(field -> errors.add(field, reason));
        return Problem.refused("secret-required", String.join(" and ", missing) + " " + reason)
                .with("errors", errors.all());
    }

    private static boolean isGiven(ObjectNode patch, String path) {
        @Nullable JsonNode value = patch;
        for (String name : path.split("\\.", -1)) {
            value = value == null ? null : value.get(name);
        }
        return value != null && value.isString();
    }

    /**
     * The fields, as the API names them, in which two records of a type differ. A component that is
     * itself a record is an object of the API.
     */
    private static <R extends Record> List<String> changed(
            String prefix, R before, R after, Set<String> free) {
        return Stream.of(before.getClass().getRecordComponents())
                .filter(component -> !free.contains(component.getName()))
                .flatMap(component -> {
                    String field =
                            prefix + FIELDS.getOrDefault(component.getName(), component.getName());
                    Optional<Object> old = value(component, before);
                    Optional<Object> present = value(component, after);
                    if (old.equals(present)) {
                        return Stream.empty();
                    }
                    return old.orElse(null) instanceof Record was
                                    && present.orElse(null) instanceof Record is
                            ? changed(field + ".", was, is, Set.of()).stream()
                            : Stream.of(field);
                })
                .toList();
    }

    private static Optional<Object> value(RecordComponent component, Record record) {
        try {
            return Optional.ofNullable(component.getAccessor().invoke(record));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a component cannot be read: " + component, e);
        }
    }
}
