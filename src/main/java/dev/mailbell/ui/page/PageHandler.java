package dev.mailbell.ui.page;

/** Answers a request for a page. */
@FunctionalInterface
public interface PageHandler {
    void handle(PageRequest request) throws Exception;
}
