package dev.mailbell.api;

import java.util.function.Supplier;

/** What Prometheus reads, in its text format. */
final class MetricsRoutes {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final Supplier<String> scrape;

    MetricsRoutes(Supplier<String> scrape) {
        this.scrape = scrape;
    }

    void addTo(Routes routes) {
        routes.get("/metrics", context -> context.contentType(TEXT).result(scrape.get()));
    }
}
