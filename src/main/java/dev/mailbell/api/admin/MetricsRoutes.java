package dev.mailbell.api.admin;

import dev.mailbell.api.http.Routes;
import java.util.function.Supplier;

/** The route of the metrics, in Prometheus's text format. */
public final class MetricsRoutes {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final Supplier<String> scrape;

    public MetricsRoutes(Supplier<String> scrape) {
        this.scrape = scrape;
    }

    public void addTo(Routes routes) {
        routes.getWithoutKey("/metrics", context -> context.contentType(TEXT).result(scrape.get()));
    }
}
