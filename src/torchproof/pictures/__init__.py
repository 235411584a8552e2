"""Record and draw autograd graphs, module trees and call traces; describe pictures in words."""
