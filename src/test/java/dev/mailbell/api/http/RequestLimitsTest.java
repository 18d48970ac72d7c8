package dev.mailbell.api.http;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestLimitsTest {
    /** One request, and the next one in about a day. */
    private static final double ONE = 0.00001;

    private final TestApi api = new TestApi();

    @AfterEach
    void close() {
        api.close();
    }

    private static int status(HttpCaller caller) {
        return caller.get("/v1/accounts").statusCode();
    }

    private static void requireTooMany(HttpResponse<String> response, String limit) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(429);
        assertThat(json(response).required("detail").stringValue()).contains(limit);
        assertThat(response.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
        assertThat(response.headers().firstValue("RateLimit").orElse("")).contains(";r=0;t=");
    }

    @Test
    void a_key_at_its_limit_does_not_delay_another_one() {
        String client = api.newClient();
        HttpCaller greedy = api.callerOf(client, "read");
        HttpCaller other = api.callerOf(client, "read");
        // A key takes a token of its address once, before the first look into the database.
        assertThat(status(greedy)).isEqualTo(200);
        assertThat(status(other)).isEqualTo(200);
        api.rules.requestsPerSecond = ONE;
        assertThat(status(greedy)).isEqualTo(200);
        requireTooMany(greedy.get("/v1/accounts"), "limits.requestsPerSecond");
        assertThat(status(other)).isEqualTo(200);
    }

    @Test
    void each_node_grants_its_part_of_a_limit() {
        String client = api.newClient();
        api.client().patch("/v1/clients/" + client, "{\"limits\": {\"requestsPerSecond\": 12}}");
        HttpCaller caller = api.callerOf(client, "read");
        api.rules.requestsPerSecond = 40;
        api.rules.nodes = 4;
        assertThat(caller.get("/v1/accounts").headers().firstValue("RateLimit-Policy"))
                .contains("\"key\";q=10;w=1, \"client\";q=3;w=1");
        // A limit below the number of nodes still lets a request through at each.
        api.rules.requestsPerSecond = 2;
        assertThat(caller.get("/v1/accounts").headers().firstValue("RateLimit-Policy").orElse(""))
                .startsWith("\"key\";q=1;w=1");
    }

    @Test
    void a_client_at_its_limit_does_not_delay_another_one_or_the_operator() {
        String client = api.newClient();
        HttpCaller one = api.callerOf(client, "read");
        HttpCaller sibling = api.callerOf(client, "read");
        HttpCaller other = api.callerOf(api.newClient(), "read");
        api.rules.requestsPerSecondPerClient = ONE;
        assertThat(status(one)).isEqualTo(200);
        requireTooMany(sibling.get("/v1/accounts"), "limits.requestsPerSecondPerClient");
        assertThat(status(other)).isEqualTo(200);
        assertThat(status(api.client().with("Mailbell-Client", client))).isEqualTo(200);
        assertThat(status(api.client().with("Mailbell-Client", client))).isEqualTo(200);
    }

    @Test
    void a_client_may_have_a_limit_of_its_own() {
        String client = api.newClient();
        HttpCaller caller = api.callerOf(client, "read");
        api.rules.requestsPerSecondPerClient = ONE;
        api.client().patch("/v1/clients/" + client, "{\"limits\": {\"requestsPerSecond\": 1000}}");
        assertThat(status(caller)).isEqualTo(200);
        HttpResponse<String> second = caller.get("/v1/accounts");
        assertThat(second.statusCode()).isEqualTo(200);
        assertThat(second.headers().firstValue("RateLimit-Policy"))
                .contains("\"key\";q=10000;w=1, \"client\";q=1000;w=1");
        assertThat(second.headers().firstValue("RateLimit").orElse(""))
                .matches("\"key\";r=999\\d;t=[01], \"client\";r=99\\d;t=[01]");
    }

    @Test
    void guesses_at_keys_do_not_delay_those_who_have_one() {
        HttpCaller caller = api.callerOf(api.newClient(), "read");
        assertThat(status(caller)).isEqualTo(200);
        api.rules.requestsPerSecond = ONE;
        int refused = 0;
        for (int i = 0; i < 20 && refused != 429; i++) {
            refused = status(api.withKey("mbk_guess" + i));
        }
        assertThat(refused).isEqualTo(429);
        assertThat(status(caller)).isEqualTo(200);
    }

    @Test
    void logins_that_are_tried_are_limited_for_keys_of_clients() {
        String client = api.newClient();
        HttpCaller caller = api.callerOf(client, "write");
        api.rules.verifiesPerMinute = ONE;
        assertThat(caller.post("/v1/accounts/verify", TestApi.imap("v")).statusCode())
                .isEqualTo(200);
        requireTooMany(
                caller.post("/v1/accounts/verify", TestApi.imap("v")), "limits.verifiesPerMinute");
        HttpCaller other = api.callerOf(api.newClient(), "write");
        assertThat(other.post("/v1/accounts/verify", TestApi.imap("v")).statusCode())
                .isEqualTo(200);
        HttpCaller operator = api.client().with("Mailbell-Client", client);
        assertThat(operator.post("/v1/accounts/verify", TestApi.imap("v")).statusCode())
                .isEqualTo(200);
    }

    @Test
    void checks_and_registrations_are_limited_for_keys_of_clients() {
        HttpCaller caller = api.callerOf(api.newClient(), "write");
        String path =
                "/v1/accounts/" + TestApi.idOf(caller.post("/v1/accounts", TestApi.imap("one")));
        api.rules.checksPerMinute = ONE;
        assertThat(caller.post(path + "/check").statusCode()).isEqualTo(200);
        requireTooMany(caller.post(path + "/check"), "limits.checksPerMinute");
        api.rules.registrationsPerMinute = ONE;
        String guess = "{\"mail\": {\"password\": \"guess\"}}";
        assertThat(caller.patch(path, guess).statusCode()).isEqualTo(200);
        requireTooMany(caller.patch(path, guess), "limits.registrationsPerMinute");
        requireTooMany(
                caller.post("/v1/accounts", TestApi.imap("two")), "limits.registrationsPerMinute");
        requireTooMany(
                caller.post("/v1/consents", TestApi.imap("two")), "limits.registrationsPerMinute");
        requireTooMany(
                caller.post("/v1/accounts/batch", "{\"accounts\": [{}]}"),
                "limits.registrationsPerMinute");
    }
}
