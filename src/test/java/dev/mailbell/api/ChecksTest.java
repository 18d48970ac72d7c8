package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.FailureCode;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ChecksTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    @AfterEach
    void mend() {
        API.watch.failure = null;
    }

    @Test
    void a_login_that_works_is_described_and_not_kept() {
        JsonNode works = json(client.post("/v1/accounts/verify", imap("verified")));
        assertThat(works.required("ok").booleanValue()).isTrue();
        assertThat(works.at("/mailboxes/0/total").intValue()).isEqualTo(33);
        assertThat(API.watch.tried).isEqualTo(new LoginSecret.Password("s3cret-word"));
        assertThat(json(client.get("/v1/accounts")).required("items")).isEmpty();
    }

    @Test
    void a_login_that_fails_is_an_answer_too() {
        API.watch.fail(FailureCode.AUTH_FAILED, "the server said no");
        HttpResponse<String> response = client.post("/v1/accounts/verify", imap("verified"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response).at("/failure/code").stringValue()).isEqualTo("auth_failed");
        assertThat(faults(client.post("/v1/accounts/verify", "{}")))
                .containsOnlyKeys("address", "mail");
    }

    @Test
    void a_check_answers_what_it_found_or_why_it_could_not() {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("checked")));
        JsonNode mailbox = json(client.post(path + "/check")).at("/mailboxes/0");
        assertThat(mailbox.required("newCount").intValue()).isEqualTo(2);
        assertThat(mailbox.required("pendingCount").isNull()).isTrue();

        API.watch.fail(FailureCode.CONNECT_FAILED, "imap.example.org:993 refused the connection");
        HttpResponse<String> failed = client.post(path + "/check");
        assertThat(failed.statusCode()).isEqualTo(422);
        assertThat(json(failed).at("/failure/code").stringValue()).isEqualTo("connect_failed");
    }

    @Test
    void mailboxes_are_listed_before_and_after_their_first_look() {
        String id = idOf(client.post("/v1/accounts", imap("listed")));
        JsonNode before = json(client.get("/v1/accounts/" + id + "/mailboxes")).at("/items/0");
        assertThat(before.required("total").isNull()).isTrue();
        assertThat(before.required("notified").isNull()).isTrue();
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                update mailbox set version = 1, total = 31, top_uid = '39', uid_validity = 5, uid_next = 40,
                                    client_max_id = 27, client_uid = '30', client_uid_validity = 5, pending = 4,
                                    last_checked_at = now()
                                where account_id = ?\
                                """,
                                UUID.fromString(id)));
        JsonNode after = json(client.get("/v1/accounts/" + id + "/mailboxes")).at("/items/0");
        assertThat(after.at("/notified").toString())
                .isEqualTo("{\"maxId\":31,\"uid\":\"39\",\"uidValidity\":5}");
        assertThat(after.at("/client").toString())
                .isEqualTo("{\"maxId\":27,\"uid\":\"30\",\"uidValidity\":5}");
        assertThat(after.at("/pendingCount").intValue()).isEqualTo(4);
        assertThat(after.at("/lastCheckedAt").isString()).isTrue();
    }

    @Test
    void mailboxes_are_paged_like_every_list() {
        String account =
                imap("many")
                        .replace("\"labels\"", "\"mailboxes\": [\"c\", \"Ä\", \"a\"], \"labels\"");
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", account)) + "/mailboxes";
        JsonNode first = json(client.get(path + "?limit=2"));
        assertThat(first.required("items").findValuesAsString("name")).containsExactly("a", "c");
        JsonNode second =
                json(
                        client.get(
                                path
                                        + "?limit=2&cursor="
                                        + first.required("nextCursor").stringValue()));
        assertThat(second.required("items").findValuesAsString("name")).containsExactly("Ä");
        assertThat(second.required("nextCursor").isNull()).isTrue();
        assertThat(faults(client.get(path + "?cursor=x&order=up")))
                .containsOnlyKeys("cursor", "order");
    }

    @Test
    void a_position_is_handed_to_the_watch() {
        String id = idOf(client.post("/v1/accounts", imap("positioned")));
        String path = "/v1/accounts/" + id + "/mailboxes/inbox/position";
        HttpResponse<String> answer =
                client.put(path, "{\"uid\": \"39\", \"uidValidity\": 1, \"maxId\": 31}");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).at("/notified/uid").stringValue()).isEqualTo("39");
        assertThat(API.watch.positions)
                .containsEntry(UUID.fromString(id), new PositionUpdate.UpTo("39", 1L, false));
        client.put(path, "{\"all\": true}");
        assertThat(API.watch.positions)
                .containsEntry(UUID.fromString(id), new PositionUpdate.All());
        client.put(path, "{\"uid\": \"3\", \"rewind\": true}");
        assertThat(API.watch.positions)
                .containsEntry(UUID.fromString(id), new PositionUpdate.UpTo("3", null, true));
    }

    @Test
    void names_of_mailboxes_may_hold_anything() {
        String account =
                imap("named").replace("\"labels\"", "\"mailboxes\": [\"A/b c%?;é\"], \"labels\"");
        String id = idOf(client.post("/v1/accounts", account));
        String name = "/v1/accounts/" + id + "/mailboxes/A%2Fb%20c%25%3F%3B%C3%A9";
        HttpResponse<String> answer = client.exchange("PUT", name + "/position", "{\"all\": true}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(json(answer).required("name").stringValue()).isEqualTo("A/b c%?;é");
        assertThat(
                        client.put(
                                        "/v1/accounts/" + id + "/mailboxes/Other/position",
                                        "{\"all\": true}")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void a_position_is_one_or_the_other_and_of_the_protocol() {
        String imap = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("p-1")));
        String position = imap + "/mailboxes/INBOX/position";
        assertThat(faults(client.put(position, "{}"))).containsOnlyKeys("uid");
        assertThat(faults(client.put(position, "{\"all\": true, \"uid\": \"3\"}")))
                .containsOnlyKeys("uid");
        assertThat(faults(client.put(position, "{\"all\": false}"))).containsOnlyKeys("all");
        for (String uid : new String[] {"0", "4294967296", "-1", "x", "1.5", "99999999999"}) {
            assertThat(faults(client.put(position, "{\"uid\": \"" + uid + "\"}")))
                    .as(uid)
                    .containsOnlyKeys("uid");
        }
        assertThat(
                        faults(
                                client.put(
                                        position,
                                        "{\"uid\": 39, \"uidValidity\": \"1\", \"maxId\": -1, \"back\": 1}")))
                .containsOnlyKeys("uid", "uidValidity", "maxId", "back");
        String pop3 =
                "/v1/accounts/"
                        + idOf(
                                client.post(
                                        "/v1/accounts",
                                        imap("p-2").replace("\"imap\"", "\"pop3\"")));
        assertThat(
                        faults(
                                client.put(
                                        pop3 + "/mailboxes/INBOX/position",
                                        "{\"uid\": \"abc\", \"uidValidity\": 1}")))
                .containsOnlyKeys("uidValidity");
        assertThat(
                        client.put(pop3 + "/mailboxes/INBOX/position", "{\"uid\": \"abc\"}")
                                .statusCode())
                .isEqualTo(200);
    }
}
