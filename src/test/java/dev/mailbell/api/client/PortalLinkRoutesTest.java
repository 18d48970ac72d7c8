package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.PortalLink;
import dev.mailbell.client.PortalLinkStore;
import dev.mailbell.client.PortalToken;
import dev.mailbell.client.Scope;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PortalLinkRoutesTest {
    private static final TestApi API = new TestApi();
    private final String clientId = API.newClient();
    private final String links = "/v1/clients/" + clientId + "/portal-links";
    private final HttpCaller operator = API.client();
    private final PortalLinkStore store = new PortalLinkStore(API.database.jdbi());

    @AfterAll
    static void close() {
        API.close();
    }

    private static JsonNode made(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return json(answer);
    }

    private static PortalToken token(JsonNode link) {
        String url = link.required("url").stringValue();
        return PortalToken.parse(url.substring(url.indexOf('#') + 1)).orElseThrow();
    }

    private static List<String> scopes(JsonNode link) {
        return link.required("scopes").valueStream().map(JsonNode::stringValue).toList();
    }

    @Test
    void a_link_has_its_token_in_the_fragment_and_the_database_has_its_hash() {
        Instant before = Instant.now();
        HttpResponse<String> answer = operator.post(links, "{}");
        JsonNode link = made(answer);
        assertThat(link.required("url").stringValue())
                .startsWith("http://127.0.0.1:" + API.port() + "/ui/portal#mbp_");
        assertThat(scopes(link)).containsExactly("accounts:read", "webhooks:read", "events:read");
        assertThat(Instant.parse(link.required("expiresAt").stringValue()))
                .isBetween(before.plus(Duration.ofMinutes(59)), Instant.now().plusSeconds(3_600));
        assertThat(answer.headers().firstValue("Location"))
                .contains(links + "/" + link.required("id").stringValue());
        String stored =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select to_jsonb(l)::text from portal_link l where id = :id::uuid")
                                        .bind("id", link.required("id").stringValue())
                                        .mapTo(String.class)
                                        .one());
        assertThat(stored).doesNotContain(token(link).reveal());
        HttpResponse<String> list = operator.get(links);
        assertThat(json(list).required("items")).hasSize(1);
        assertThat(list.body()).doesNotContain("mbp_", "#");
    }

    @Test
    void a_link_is_opened_once() throws Exception {
        PortalToken token = token(made(operator.post(links, "{\"name\": \"Ann\"}")));
        Instant now = API.clock.instant();
        assertThat(store.known(token.hash(), now)).isEmpty();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<PortalLink>>> opened =
                    IntStream.range(0, 8)
                            .mapToObj(i -> threads.submit(() -> store.open(token, now)))
                            .toList();
            int times = 0;
            for (Future<Optional<PortalLink>> one : opened) {
                times += one.get().isPresent() ? 1 : 0;
            }
            assertThat(times).isOne();
        }
        assertThat(store.known(token.hash(), now))
                .hasValueSatisfying(known -> {
                    assertThat(known.name()).isEqualTo("portal link: Ann");
                    assertThat(known.clientId()).isEqualTo(UUID.fromString(clientId));
                });
        assertThat(json(operator.get(links)).at("/items/0/openedAt").isNull()).isFalse();
    }

    @Test
    void a_link_and_what_it_opened_end_at_its_time() {
        PortalToken opened = token(made(operator.post(links, "{\"expiresIn\": \"PT15M\"}")));
        PortalToken unopened = token(made(operator.post(links, "{\"expiresIn\": \"PT15M\"}")));
        Instant now = API.clock.instant();
        assertThat(store.open(opened, now)).isPresent();
        Instant late = now.plus(Duration.ofMinutes(15));
        assertThat(store.known(opened.hash(), late)).isEmpty();
        assertThat(store.open(unopened, late)).isEmpty();
        store.deleteExpired(late.plusSeconds(60));
        assertThat(json(operator.get(links)).required("items")).isEmpty();
    }

    @Test
    void an_ended_link_has_ended_what_it_opened() {
        JsonNode link = made(operator.post(links, "{}"));
        Instant now = API.clock.instant();
        assertThat(store.open(token(link), now)).isPresent();
        String path = links + "/" + link.required("id").stringValue();
        assertThat(operator.delete(path).statusCode()).isEqualTo(204);
        assertThat(store.known(token(link).hash(), now)).isEmpty();
        assertThat(operator.delete(path).statusCode()).isEqualTo(404);
    }

    @Test
    void a_key_gives_no_more_than_it_has_and_to_its_own_client_alone() {
        HttpCaller caller = API.callerOf(clientId, "webhooks:read", "audit:read", "portal:write");
        assertThat(scopes(made(caller.post(links, "{}")))).containsExactly("webhooks:read");
        assertThat(scopes(made(caller.post(links, "{\"scopes\": [\"audit:read\"]}"))))
                .containsExactly("audit:read");
        HttpResponse<String> refused = caller.post(links, "{\"scopes\": [\"read\"]}");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).required("scope").stringValue())
                .isIn("accounts:read", "events:read");
        for (String never : List.of("portal:write", "admin")) {
            assertThat(faults(operator.post(links, "{\"scopes\": [\"" + never + "\"]}")))
                    .containsOnlyKeys("scopes");
        }
        String other = "/v1/clients/" + API.newClient() + "/portal-links";
        assertThat(caller.post(other, "{}").statusCode()).isEqualTo(404);
        assertThat(caller.get(other).statusCode()).isEqualTo(404);
        assertThat(made(operator.post(other, "{}")).required("url").stringValue())
                .contains("#mbp_");
        HttpCaller blind = API.callerOf(clientId, "portal:write", "webhooks:write");
        assertThat(faults(blind.post(links, "{}"))).containsOnlyKeys("scopes");
    }

    @Test
    void a_link_ends_with_the_key_that_made_it() {
        JsonNode key = API.newKey(clientId, "read", "portal:write");
        HttpCaller caller = API.withKey(key.required("key").stringValue());
        PortalToken opened = token(made(caller.post(links, "{}")));
        PortalToken unopened = token(made(caller.post(links, "{}")));
        Instant now = API.clock.instant();
        assertThat(store.open(opened, now)).isPresent();
        operator.delete("/v1/clients/" + clientId + "/keys/" + key.required("id").stringValue());
        assertThat(store.known(opened.hash(), now)).isEmpty();
        assertThat(store.open(unopened, now)).isEmpty();
    }

    @Test
    void a_link_ends_when_the_key_that_made_it_is_rotated() {
        JsonNode key = API.newKey(clientId, "read", "portal:write");
        HttpCaller caller = API.withKey(key.required("key").stringValue());
        PortalToken opened = token(made(caller.post(links, "{}")));
        PortalToken ofAnother = token(made(operator.post(links, "{}")));
        Instant now = API.clock.instant();
        assertThat(store.open(opened, now)).isPresent();
        assertThat(store.open(ofAnother, now)).isPresent();
        String keyId = key.required("id").stringValue();
        assertThat(
                        operator.post(
                                        "/v1/clients/" + clientId + "/keys/" + keyId + "/rotate",
                                        "{}")
                                .statusCode())
                .isEqualTo(200);
        assertThat(store.known(opened.hash(), now)).isEmpty();
        assertThat(store.known(ofAnother.hash(), now)).isPresent();
    }

    @Test
    void a_key_is_not_answered_the_link_of_another_key() {
        String once = UUID.randomUUID().toString();
        HttpCaller strong =
                API.callerOf(clientId, "read", "write", "portal:write")
                        .with("Idempotency-Key", once);
        HttpCaller weak =
                API.callerOf(clientId, "webhooks:read", "portal:write")
                        .with("Idempotency-Key", once);
        String id = idOf(strong.post(links, "{}"));
        HttpResponse<String> refused = weak.post(links, "{}");
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.body()).doesNotContain("mbp_");
        assertThat(idOf(strong.post(links, "{}"))).isEqualTo(id);
    }

    @Test
    void a_link_ends_when_its_client_is_erased() {
        PortalToken opened = token(made(operator.post(links, "{}")));
        PortalToken unopened = token(made(operator.post(links, "{}")));
        Instant now = API.clock.instant();
        assertThat(store.open(opened, now)).isPresent();
        assertThat(operator.delete("/v1/clients/" + clientId).statusCode()).isEqualTo(202);
        assertThat(store.known(opened.hash(), now)).isEmpty();
        assertThat(store.open(unopened, now)).isEmpty();
        assertThat(operator.post(links, "{}").statusCode()).isIn(404, 409);
    }

    @Test
    void faults_are_all_named() {
        assertThat(
                        faults(
                                operator.post(
                                        links,
                                        "{\"scopes\": [\"everything\"], \"expiresIn\": \"P2D\", \"name\": \"\", \"uses\": 2}")))
                .containsOnlyKeys("scopes", "expiresIn", "name", "uses");
        assertThat(faults(operator.post(links, "{\"expiresIn\": \"PT1S\"}")))
                .containsOnlyKeys("expiresIn");
    }

    @Test
    void a_repeated_request_answers_the_same_link_and_each_is_audited() {
        HttpCaller once = operator.with("Idempotency-Key", UUID.randomUUID().toString());
        String id = idOf(once.post(links, "{}"));
        assertThat(idOf(once.post(links, "{}"))).isEqualTo(id);
        JsonNode audit =
                json(
                        operator.with("Mailbell-Client", clientId)
                                .get("/v1/audit?action=POST%20/v1/clients/%7Bid%7D/portal-links"));
        assertThat(audit.required("items")).hasSize(2);
        assertThat(audit.toString()).doesNotContain("mbp_").contains(clientId);
    }

    @Test
    void a_client_has_a_bounded_number_of_links() {
        Instant now = Instant.now();
        UUID client = UUID.fromString(clientId);
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into portal_link (id, client_id, scopes, hash, created_at, expires_at)
                                select gen_random_uuid(), ?, '{}', sha256(gen_random_uuid()::text::bytea), now(), now() + interval '1 day'
                                from generate_series(1, ?)\
                                """,
                                client,
                                PortalLinkStore.MAX_PER_CLIENT - 1));
        PortalLink last =
                new PortalLink(
                        UUID.randomUUID(),
                        client,
                        null,
                        Set.of(Scope.EVENTS_READ),
                        null,
                        now,
                        now.plusSeconds(60),
                        null);
        assertThat(store.insert(last, PortalToken.random())).isTrue();
        assertThat(operator.post(links, "{}").statusCode()).isEqualTo(422);
    }
}
