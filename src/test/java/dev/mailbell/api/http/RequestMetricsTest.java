package dev.mailbell.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Requests are counted by labels with bounded sets of values. */
class RequestMetricsTest {
    private static final TestApi API = new TestApi();

    @AfterAll
    static void close() {
        API.close();
    }

    private static String scrape() {
        HttpResponse<String> response = API.client().without("Authorization").get("/metrics");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type"))
                .contains("text/plain; version=0.0.4; charset=utf-8");
        return response.body();
    }

    @Test
    void requests_are_counted_by_route_and_status() {
        API.client().get("/v1/accounts?limit=1");
        API.client().get("/v1/accounts/0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55");
        API.client().without("Authorization").post("/v1/accounts/verify", "{}");
        for (int i = 0; i < 20; i++) {
            API.client().exchange("GET", "/stranger/" + i, "");
        }
        API.client().exchange("PUT", "/v1/webhooks", "{}");
        assertThat(scrape().lines().filter(line -> line.startsWith("http_requests_seconds_count{")))
                .contains(
                        "http_requests_seconds_count{method=\"GET\",route=\"/v1/accounts\",status=\"200\"} 1",
                        "http_requests_seconds_count{method=\"GET\",route=\"/v1/accounts/{id}\",status=\"404\"} 1",
                        "http_requests_seconds_count{method=\"POST\",route=\"/v1/accounts/verify\",status=\"401\"} 1",
                        "http_requests_seconds_count{method=\"GET\",route=\"none\",status=\"404\"} 20",
                        "http_requests_seconds_count{method=\"PUT\",route=\"/v1/webhooks\",status=\"405\"} 1")
                .noneMatch(line -> line.contains("stranger"));
    }
}
