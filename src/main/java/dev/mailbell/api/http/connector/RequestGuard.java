package dev.mailbell.api.http.connector;

import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Sees every request before Javalin does. It refuses methods that HTTP does not have, and requests
 * beyond its limits; Jetty bounds the bytes of the headers. It hides the headers by which some
 * servers take another method than that of the request line: Javalin is one of them.
 */
public final class RequestGuard implements HttpConfiguration.Customizer {
    static final int MAX_URI_LENGTH = 8_192;
    static final int MAX_HEADERS = 100;
    static final int MAX_PARAMETERS = 100;

    /** The methods of the API, for the header Allow. */
    static final String ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE";

    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT");
    private static final Set<String> OVERRIDES =
            Set.of("x-http-method-override", "x-http-method", "x-method-override");

    @Override
    public Request customize(Request request, HttpFields.Mutable responseHeaders) {
        // Javalin's handler types are found by name too: a request "BEFORE /" would name one.
        if (!METHODS.contains(request.getMethod())) {
            throw new HttpException.RuntimeException(
                    HttpStatus.METHOD_NOT_ALLOWED_405, "unknown method");
        }
        if (request.getHttpURI().asString().length() > MAX_URI_LENGTH) {
            throw new HttpException.RuntimeException(HttpStatus.URI_TOO_LONG_414, "URI too long");
        }
        if (parameters(request.getHttpURI().getQuery()) > MAX_PARAMETERS) {
            throw new HttpException.RuntimeException(
                    HttpStatus.BAD_REQUEST_400, "too many parameters");
        }
        HttpFields headers = request.getHeaders();
        if (headers.size() > MAX_HEADERS) {
            throw new HttpException.RuntimeException(
                    HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431, "too many headers");
        }
        for (HttpField header : headers) {
            if (isOverride(header)) {
                return withoutOverrides(request);
            }
        }
        return request;
    }

    private static long parameters(@Nullable String query) {
        return query == null ? 0 : query.chars().filter(c -> c == '&').count() + 1;
    }

    private static boolean isOverride(HttpField header) {
        return OVERRIDES.contains(header.getName().toLowerCase(Locale.ROOT));
    }

    private static Request withoutOverrides(Request request) {
        HttpFields.Mutable kept = HttpFields.build();
        for (HttpField header : request.getHeaders()) {
            if (!isOverride(header)) {
                kept.add(header);
            }
        }
        HttpFields headers = kept.asImmutable();
        return new Request.Wrapper(request) {
            @Override
            public HttpFields getHeaders() {
                return headers;
            }
        };
    }
}
