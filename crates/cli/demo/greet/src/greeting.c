#include "greeting.h"

void greeting_print(FILE *out, const struct options *options)
{
    (void)options;
    fprintf(out, "hello\n");
}
