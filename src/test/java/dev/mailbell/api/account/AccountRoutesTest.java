package dev.mailbell.api.account;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Failure;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Sql;
import dev.mailbell.mail.FailureCode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class AccountRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.client();
    private final AccountStore store = new AccountStore(API.database.jdbi());

    @AfterAll
    static void close() {
        API.close();
    }

    private Account stored(String id) {
        return store.find(ClientStore.DEFAULT, UUID.fromString(id)).orElseThrow();
    }

    private LoginSecret secretOf(String id) {
        return new LoginSecrets(API.keyring).open(stored(id));
    }

    private void setState(String id, AccountState state) {
        boolean written =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                AccountStateTable.setState(
                                        handle,
                                        UUID.fromString(id),
                                        state,
                                        Instant.now(),
                                        new Failure(
                                                FailureCode.AUTH_FAILED, "no", Instant.now(), 3),
                                        false,
                                        Sql.of("true")));
        assertThat(written).isTrue();
    }

    @Test
    void a_registered_account_is_answered_stored_and_watched() {
        HttpResponse<String> response = client.post("/v1/accounts", imap("registered"));

        assertThat(response.statusCode()).isEqualTo(201);
        String id = idOf(response);
        assertThat(response.headers().firstValue("Location")).contains("/v1/accounts/" + id);
        JsonNode account = json(response);
        assertThat(account.at("/mail/port").intValue()).isEqualTo(993);
        assertThat(account.at("/mail/security").stringValue()).isEqualTo("tls");
        assertThat(account.at("/mail/username").stringValue()).isEqualTo("ann@example.org");
        assertThat(account.at("/mail/auth").stringValue()).isEqualTo("password");
        assertThat(account.at("/mailboxes/0").stringValue()).isEqualTo("INBOX");
        assertThat(account.at("/watch/interval").stringValue()).isEqualTo("PT120S");
        assertThat(account.at("/state").stringValue()).isEqualTo("connecting");
        assertThat(API.watch.watched).containsKey(UUID.fromString(id));
        assertThat(secretOf(id)).isEqualTo(new LoginSecret.Password("s3cret-word"));
        assertThat(new String(stored(id).credential(), StandardCharsets.ISO_8859_1))
                .doesNotContain("s3cret");
        ObjectNode read = (ObjectNode) json(client.get("/v1/accounts/" + id));
        assertThat(read.required("nextCheckAt").isNull()).isFalse();
        assertThat(read.putNull("nextCheckAt")).isEqualTo(account);
    }

    @Test
    void every_optional_field_is_answered() {
        JsonNode account =
                json(
                        client.post(
                                "/v1/accounts",
                                """
                                {"ref": null, "address": "bob@example.org",
                                 "mail": {"protocol": "pop3", "host": "POP.Example.ORG.", "port": 1110,
                                          "security": "starttls", "username": "bob", "password": null,
                                          "oauth2": {"provider": "custom", "clientId": "me", "clientSecret": "s3cret-1",
                                                     "refreshToken": "s3cret-2", "tokenUrl": "https://id.example.org/token",
                                                     "scope": "mail"},
                                          "tls": {"verify": false, "caPem": null}},
                                 "mailboxes": ["inbox"],
                                 "watch": {"push": false, "interval": "PT5M", "envelopes": true},
                                 "labels": {"a": "", "b/c": "ü"}}
                                """));
        assertThat(account.at("/mail/host").stringValue()).isEqualTo("pop.example.org");
        assertThat(account.at("/mail/auth").stringValue()).isEqualTo("oauth2");
        assertThat(account.at("/mail/tls/verify").booleanValue()).isFalse();
        assertThat(account.at("/watch/interval").stringValue()).isEqualTo("PT300S");
        assertThat(account.at("/labels/b~1c").stringValue()).isEqualTo("ü");
        assertThat(account.at("/mailboxes/0").stringValue()).isEqualTo("INBOX");
    }

    @Test
    void pins_and_a_way_out_are_kept_changed_and_removed() {
        String hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        String base64 = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
        String id =
                idOf(
                        client.post(
                                "/v1/accounts",
                                imap("pinned")
                                        .replace(
                                                "\"password\"",
                                                "\"egress\": \"tokyo\", \"tls\": {\"pinSha256\": [\""
                                                        + hex
                                                        + "\"]}, \"password\"")));
        String path = "/v1/accounts/" + id;
        JsonNode mail = json(client.get(path)).required("mail");
        assertThat(mail.at("/egress").stringValue()).isEqualTo("tokyo");
        assertThat(mail.at("/tls").toString())
                .isEqualTo("{\"verify\":true,\"caPem\":null,\"pinSha256\":[\"" + base64 + "\"]}");

        JsonNode labelled = json(client.patch(path, "{\"labels\": {\"a\": \"b\"}}"));
        assertThat(labelled.required("mail")).isEqualTo(mail);

        JsonNode removed =
                json(
                        client.patch(
                                path,
                                """
                                {"mail": {"egress": null, "password": "s3cret-word", "tls": {"pinSha256": null}}}
                                """));
        assertThat(removed.at("/mail/egress").isNull()).isTrue();
        assertThat(removed.at("/mail/tls/pinSha256")).isEmpty();
        assertThat(stored(id).mail().tls().pins()).isEmpty();
    }

    @Test
    void an_unknown_way_out_and_wrong_pins_are_refused() {
        String wrong =
                imap("unpinned")
                        .replace(
                                "\"password\"",
                                """
                                "egress": "osaka", "tls": {"pinSha256": ["x", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="]},
                                "password"\
                                """);
        assertThat(HttpCaller.faults(client.post("/v1/accounts", wrong)))
                .containsOnlyKeys("mail.egress", "mail.tls.pinSha256");
        String many = "[\"1\", \"2\", \"3\", \"4\", \"5\"]";
        assertThat(
                        HttpCaller.faults(
                                client.post(
                                        "/v1/accounts",
                                        imap("unpinned")
                                                .replace(
                                                        "\"password\"",
                                                        "\"tls\": {\"pinSha256\": "
                                                                + many
                                                                + "}, \"password\""))))
                .containsOnlyKeys("mail.tls.pinSha256");
    }

    @Test
    void accounts_of_one_authority_share_one_copy_of_it() {
        String pem = new HeldCertificate.Builder().certificateAuthority(0).build().certificatePem();
        for (String ref : List.of("ca-1", "ca-2")) {
            client.post(
                    "/v1/accounts",
                    imap(ref)
                            .replace(
                                    "\"password\"",
                                    "\"tls\": {\"caPem\": \""
                                            + pem.replace("\n", "\\n")
                                            + "\"}, \"password\""));
        }
        List<String> copies =
                List.of("ca-1", "ca-2").stream()
                        .map(ref -> store.findByRef(ClientStore.DEFAULT, ref).orElseThrow())
                        .map(account -> account.mail().tls().caPem())
                        .toList();
        assertThat(copies.getFirst()).isEqualTo(pem).isSameAs(copies.getLast());
    }

    @Test
    void an_omitted_server_is_discovered() {
        JsonNode account =
                json(
                        client.post(
                                "/v1/accounts",
                                """
                                {"address": "eve@known.example", "mail": {"password": "s3cret"}}\
                                """));
        assertThat(account.at("/mail/host").stringValue()).isEqualTo("mail.known.example");
        assertThat(account.at("/mail/port").intValue()).isEqualTo(1993);
        assertThat(account.at("/mail/username").stringValue()).isEqualTo("known-user");

        assertThat(
                        HttpCaller.faults(
                                client.post(
                                        "/v1/accounts",
                                        """
                                        {"address": "eve@unknown.example", "mail": {"password": "s3cret"}}\
                                        """)))
                .containsOnlyKeys("mail.host");
    }

    @Test
    void a_ref_is_unique() {
        client.post("/v1/accounts", imap("once"));
        HttpResponse<String> second = client.post("/v1/accounts", imap("once"));
        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(json(second).required("type").stringValue())
                .isEqualTo("urn:mailbell:problem:ref-taken");
        assertThat(API.otherClient().post("/v1/accounts", imap("once")).statusCode())
                .isEqualTo(201);
    }

    @Test
    void another_clients_accounts_are_invisible() {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("mine")));
        HttpCaller other = API.otherClient();
        assertThat(other.get(path).statusCode()).isEqualTo(404);
        assertThat(other.patch(path, "{}").statusCode()).isEqualTo(404);
        assertThat(other.delete(path).statusCode()).isEqualTo(404);
        assertThat(other.post(path + "/pause").statusCode()).isEqualTo(404);
        assertThat(other.post(path + "/resume").statusCode()).isEqualTo(404);
        assertThat(other.post(path + "/check").statusCode()).isEqualTo(404);
        assertThat(other.get(path + "/mailboxes").statusCode()).isEqualTo(404);
        assertThat(other.put(path + "/mailboxes/INBOX/position", "{\"all\": true}").statusCode())
                .isEqualTo(404);
        assertThat(json(other.get("/v1/accounts")).required("items")).isEmpty();
        assertThat(client.get(path).statusCode()).isEqualTo(200);
        assertThat(client.get("/v1/accounts/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void lists_are_paged_and_filtered() {
        HttpCaller tenant = API.otherClient();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ids.add(idOf(tenant.post("/v1/accounts", imap("page-" + i))));
        }
        List<String> seen = new ArrayList<>();
        String path = "/v1/accounts?limit=2";
        String next = path;
        while (next != null) {
            JsonNode page = json(tenant.get(next));
            page.required("items").forEach(it -> seen.add(it.required("id").stringValue()));
            JsonNode cursor = page.required("nextCursor");
            next = cursor.isNull() ? null : path + "&cursor=" + cursor.stringValue();
        }
        assertThat(seen).isEqualTo(ids);

        assertThat(items(tenant.get("/v1/accounts?ref=page-3"))).containsExactly(ids.get(3));
        assertThat(items(tenant.get("/v1/accounts?host=IMAP.example.org"))).hasSize(5);
        assertThat(items(tenant.get("/v1/accounts?host=other.example.org"))).isEmpty();
        assertThat(items(tenant.get("/v1/accounts?state=parked"))).isEmpty();
        assertThat(items(tenant.get("/v1/accounts?state=connecting"))).hasSize(5);
    }

    @Test
    void a_search_finds_the_own_accounts_and_for_the_operator_those_of_all() {
        HttpCaller other = API.otherClient();
        String mine = idOf(client.post("/v1/accounts", imap("searched-mine")));
        String others = idOf(other.post("/v1/accounts", imap("searched-others")));
        assertThat(client.get("/v1/accounts?search=SEARCHED-").body())
                .contains(mine)
                .doesNotContain(others);
        HttpResponse<String> all = API.client().get("/v1/accounts?clients=all&search=searched-");
        assertThat(all.body()).contains(mine, others);
        assertThat(json(all).at("/items/0/clientId").stringValue())
                .isEqualTo(
                        json(client.get("/v1/accounts/" + mine))
                                .required("clientId")
                                .stringValue());
        assertThat(
                        API.callerOf(API.newClient(), "read")
                                .get("/v1/accounts?clients=all")
                                .statusCode())
                .isEqualTo(403);
        assertThat(faults(other.get("/v1/accounts?clients=all"))).containsOnlyKeys("clients");
        assertThat(faults(client.get("/v1/accounts?search=%20"))).containsOnlyKeys("search");
        assertThat(faults(API.client().get("/v1/accounts?clients=some")))
                .containsOnlyKeys("clients");
    }

    @Test
    void lists_are_filtered_by_labels() {
        HttpCaller tenant = API.otherClient();
        String id = idOf(tenant.post("/v1/accounts", imap("labelled")));
        // The name of the parameter is the client's, which the contract can only describe.
        assertThat(items(tenant.exchange("GET", "/v1/accounts?label.plan=pro", "")))
                .containsExactly(id);
        assertThat(items(tenant.exchange("GET", "/v1/accounts?label.plan=free", ""))).isEmpty();
    }

    @Test
    void labels_filter_by_a_parameter_that_generated_clients_can_write() {
        HttpCaller tenant = API.otherClient();
        String both =
                idOf(
                        tenant.post(
                                "/v1/accounts",
                                imap("both")
                                        .replace(
                                                "\"plan\": \"pro\"",
                                                "\"plan\": \"pro\", \"a/b\": \"c:d e\"")));
        idOf(tenant.post("/v1/accounts", imap("one")));
        for (String query :
                new String[] {
                    "label=plan%3Apro&label=a%2Fb%3Ac%3Ad%20e", "label=a/b:c:d%20e&label.plan=pro"
                }) {
            assertThat(labelled(tenant, query)).as(query).containsExactly(both);
        }
        assertThat(labelled(tenant, "label=plan%3Apro")).hasSize(2);
        assertThat(labelled(tenant, "label=plan%3Afree")).isEmpty();
    }

    /** Not held against the contract: the validator takes an array in a query for JSON. */
    private static List<String> labelled(HttpCaller tenant, String query) {
        return items(tenant.exchange("GET", "/v1/accounts?" + query, ""));
    }

    @Test
    void an_invalid_label_is_reported_by_name() {
        for (String query :
                new String[] {
                    "label=plan", "label=:pro", "label=%00:1", "label=a%20b:1", "label="
                }) {
            assertThat(HttpCaller.faults(client.exchange("GET", "/v1/accounts?" + query, "")))
                    .as(query)
                    .containsOnlyKeys("label");
        }
        assertThat(HttpCaller.faults(client.exchange("GET", "/v1/accounts?label.%00=1", "")))
                .containsOnlyKeys("label.?");
        assertThat(
                        HttpCaller.faults(
                                client.exchange(
                                        "GET", "/v1/accounts?label=plan:a&label=plan:b", "")))
                .containsOnlyKeys("label");
    }

    private static List<String> items(HttpResponse<String> response) {
        List<String> ids = new ArrayList<>();
        json(response)
                .required("items")
                .forEach(item -> ids.add(item.required("id").stringValue()));
        return ids;
    }

    @Test
    void invalid_queries_are_refused_with_all_errors() {
        assertThat(
                        HttpCaller.faults(
                                client.get(
                                        "/v1/accounts?limit=0&cursor=x&state=happy&host=a%20b&sort=up")))
                .containsOnlyKeys("limit", "cursor", "state", "host", "sort");
        assertThat(HttpCaller.faults(client.get("/v1/accounts?limit=501"))).containsKey("limit");
        assertThat(HttpCaller.faults(client.get("/v1/accounts?limit=1&limit=2")))
                .containsKey("limit");
        assertThat(HttpCaller.faults(client.post("/v1/accounts?dry=1", imap("q"))))
                .containsKey("dry");
    }

    @Test
    void a_patch_changes_what_it_names_and_nothing_else() {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("patched")));
        String id = path.substring(path.lastIndexOf('/') + 1);
        setState(id, AccountState.WATCHING);
        JsonNode changed =
                json(
                        client.patch(
                                path,
                                """
                                {"labels": {"plan": null, "team": "x"}, "watch": {"interval": "PT90S"}}\
                                """));
        assertThat(changed.at("/labels").toString()).isEqualTo("{\"team\":\"x\"}");
        assertThat(changed.at("/watch/interval").stringValue()).isEqualTo("PT90S");
        assertThat(changed.at("/state").stringValue()).isEqualTo("watching");
        assertThat(secretOf(id)).isEqualTo(new LoginSecret.Password("s3cret-word"));
        assertThat(API.watch.watched)
                .hasEntrySatisfying(
                        UUID.fromString(id),
                        watched -> assertThat(watched.labels()).containsKey("team"));
    }

    @Test
    void a_changed_login_is_tried_again() {
        String id = idOf(client.post("/v1/accounts", imap("relogin")));
        String path = "/v1/accounts/" + id;
        setState(id, AccountState.PARKED);
        JsonNode changed = json(client.patch(path, "{\"mail\": {\"password\": \"s3cret-new\"}}"));
        assertThat(changed.at("/state").stringValue()).isEqualTo("connecting");
        assertThat(changed.at("/failure").isNull()).isTrue();
        assertThat(secretOf(id)).isEqualTo(new LoginSecret.Password("s3cret-new"));

        JsonNode oauth2 =
                json(
                        client.patch(
                                path,
                                """
                                {"mail": {"oauth2": {"provider": "google", "clientId": "me", "refreshToken": "s3cret-3"}}}\
                                """));
        assertThat(oauth2.at("/mail/auth").stringValue()).isEqualTo("oauth2");
        client.patch(path, "{\"mail\": {\"oauth2\": {\"refreshToken\": \"s3cret-4\"}}}");
        assertThat(secretOf(id))
                .isEqualTo(new LoginSecret.OAuth2("google", "me", null, "s3cret-4", null, null));
    }

    @Test
    void a_patched_protocol_changes_the_default_port_and_clears_the_marks() {
        String id = idOf(client.post("/v1/accounts", imap("other-protocol")));
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update mailbox set version = 7, total = 3 where account_id = ?",
                                UUID.fromString(id)));
        JsonNode changed =
                json(
                        client.patch(
                                "/v1/accounts/" + id,
                                """
                                {"mail": {"protocol": "pop3", "password": "s3cret-word"}}\
                                """));
        assertThat(changed.at("/mail/port").intValue()).isEqualTo(995);
        JsonNode mailbox = json(client.get("/v1/accounts/" + id + "/mailboxes")).at("/items/0");
        assertThat(mailbox.required("name").stringValue()).isEqualTo("INBOX");
        assertThat(mailbox.required("total").isNull()).isTrue();
    }

    @Test
    void a_patch_must_leave_a_valid_account() {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("stays-valid")));
        assertThat(
                        HttpCaller.faults(
                                client.patch(
                                        path,
                                        """
                                        {"mail": {"password": null, "port": 0}, "nope": 1, "address": null,
                                         "watch": {"interval": "PT1S"}}\
                                        """)))
                .containsOnlyKeys(
                        "mail.password", "mail.port", "nope", "address", "watch.interval");
        client.post("/v1/accounts", imap("taken-ref"));
        assertThat(client.patch(path, "{\"ref\": \"taken-ref\"}").statusCode()).isEqualTo(409);
        assertThat(
                        client.patch(path, "{\"mail\": {\"host\": \"x.internal.example\"}}")
                                .statusCode())
                .isEqualTo(422);
        assertThat(API.watch.watched)
                .containsKey(UUID.fromString(path.substring(path.lastIndexOf('/') + 1)));
    }

    @Test
    void concurrent_patches_are_all_applied() throws InterruptedException {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("contended")));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int n = i;
            threads.add(
                    Thread.startVirtualThread(
                            () -> client.patch(path, "{\"labels\": {\"n" + n + "\": \"x\"}}")));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(json(client.get(path)).at("/labels").propertyNames())
                .containsExactlyInAnyOrder("n0", "n1", "n2", "n3", "plan");
    }

    @Test
    void a_paused_account_is_not_watched_until_it_is_resumed() {
        String id = idOf(client.post("/v1/accounts", imap("paused")));
        String path = "/v1/accounts/" + id;
        JsonNode paused = json(client.post(path + "/pause"));
        assertThat(paused.at("/state").stringValue()).isEqualTo("paused");
        assertThat(paused.at("/nextCheckAt").isNull()).isTrue();
        assertThat(API.watch.watched).doesNotContainKey(UUID.fromString(id));
        assertThat(client.post(path + "/check").statusCode()).isEqualTo(409);
        assertThat(client.put(path + "/mailboxes/INBOX/position", "{\"all\": true}").statusCode())
                .isEqualTo(409);
        client.patch(path, "{\"mail\": {\"password\": \"s3cret-other\"}}");
        assertThat(API.watch.watched).doesNotContainKey(UUID.fromString(id));
        JsonNode again = json(client.exchange("POST", path + "/pause", "{}"));
        assertThat(again.at("/stateSince")).isEqualTo(paused.at("/stateSince"));

        JsonNode resumed = json(client.post(path + "/resume"));
        assertThat(resumed.at("/state").stringValue()).isEqualTo("connecting");
        assertThat(API.watch.watched).containsKey(UUID.fromString(id));
        assertThat(HttpCaller.faults(client.post(path + "/resume", "{\"now\": true}")))
                .containsOnlyKeys("now");
    }

    @Test
    void a_removed_account_is_gone() {
        String id = idOf(client.post("/v1/accounts", imap("removed")));
        assertThat(client.delete("/v1/accounts/" + id).statusCode()).isEqualTo(204);
        assertThat(client.get("/v1/accounts/" + id).statusCode()).isEqualTo(404);
        assertThat(client.delete("/v1/accounts/" + id).statusCode()).isEqualTo(404);
        assertThat(API.watch.watched).doesNotContainKey(UUID.fromString(id));
    }

    @Test
    void accounts_per_client_are_limited() {
        HttpCaller tenant = API.otherClient();
        tenant.post("/v1/accounts", imap("first"));
        API.rules.accountsPerClient = 1;
        try {
            assertThat(tenant.post("/v1/accounts", imap("second")).statusCode()).isEqualTo(422);
        } finally {
            API.rules.accountsPerClient = 100_000;
        }
    }
}
