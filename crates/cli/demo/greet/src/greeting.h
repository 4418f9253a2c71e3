#ifndef GREETING_H
#define GREETING_H

#include <stdio.h>

#include "options.h"

/* Writes the greeting and a line feed. */
void greeting_print(FILE *out, const struct options *options);

#endif
