package dev.mailbell.api.account;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.detection.PositionUpdate;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class MailboxRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void mailboxes_are_listed_before_and_after_their_first_check() {
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
    void a_position_is_passed_to_the_watch() {
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
    void mailbox_names_may_hold_any_character() {
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

    /** As in the marks of servers that exceed the range of RFC 9051. */
    @Test
    void the_uid_of_a_mark_is_taken_back_whatever_its_size() {
        String id = idOf(client.post("/v1/accounts", imap("large")));
        String position = "/v1/accounts/" + id + "/mailboxes/INBOX/position";
        assertThat(
                        client.put(
                                        position,
                                        "{\"uid\": \"4294967296\", \"uidValidity\": 9223372036854775807}")
                                .statusCode())
                .isEqualTo(200);
        assertThat(API.watch.positions)
                .containsEntry(
                        UUID.fromString(id),
                        new PositionUpdate.UpTo("4294967296", Long.MAX_VALUE, false));
    }

    @Test
    void a_position_is_either_a_uid_of_the_protocol_or_all() {
        String imap = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("p-1")));
        String position = imap + "/mailboxes/INBOX/position";
        assertThat(faults(client.put(position, "{}"))).containsOnlyKeys("uid");
        assertThat(faults(client.put(position, "{\"all\": true, \"uid\": \"3\"}")))
                .containsOnlyKeys("uid");
        assertThat(faults(client.put(position, "{\"all\": false}"))).containsOnlyKeys("all");
        for (String uid :
                new String[] {
                    "0", "9223372036854775807", "-1", "x", "1.5", "+7", "99999999999999999999"
                }) {
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
