package dev.mailbell.api.http.connector;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.request.Json;
import java.nio.ByteBuffer;
import java.util.Map;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Problem documents for requests that Jetty refuses before a route sees them: invalid HTTP, headers
 * that are too large.
 */
public final class JettyErrors extends ErrorHandler {
    private static final Map<Integer, String> KNOWN =
            Map.of(
                    405, "allowed are " + RequestGuard.ALLOW,
                    408, "the request did not arrive in time",
                    414, "the path and its query are too long: 8,192 characters at most",
                    431, "the headers are too large: 16 KiB and 100 headers at most",
                    505, "HTTP/1.0 and HTTP/1.1 are spoken here");

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request,
            Response response,
            int code,
            String message,
            @Nullable Throwable cause,
            Callback callback) {
        ResponseHeaders.SECURITY.forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        // Jetty has no method for what it could not parse: a HEAD gets a body. It must be the last
        // answer, or its body is taken for the next one.
        response.getHeaders().put(HttpFields.CONNECTION_CLOSE);
        if (code == HttpStatus.METHOD_NOT_ALLOWED_405) {
            response.getHeaders().put(HttpHeader.ALLOW, RequestGuard.ALLOW);
        }
        response.write(true, ByteBuffer.wrap(document(code)), callback);
    }

    @Override
    public ByteBuffer badMessageError(int status, String reason, HttpFields.Mutable fields) {
        ResponseHeaders.SECURITY.forEach(fields::put);
        fields.put(new HttpField(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE));
        return ByteBuffer.wrap(document(status));
    }

    private static byte[] document(int status) {
        Problem problem =
                Problem.of(
                        status,
                        kind(status),
                        status >= 500
                                ? "Something failed inside Mailbell"
                                : "The request cannot be read",
                        KNOWN.getOrDefault(
                                status,
                                status >= 500
                                        ? "the daemon's log may have the cause"
                                        : "the request is not valid HTTP"));
        return Json.bytes(problem.document());
    }

    private static String kind(int status) {
        if (status == HttpStatus.METHOD_NOT_ALLOWED_405) {
            return "method-not-allowed";
        }
        return status >= 500 ? "internal" : "malformed";
    }
}
